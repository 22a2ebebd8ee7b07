import { ref } from 'vue'

export interface Toast {
  id: number
  text: string
  kind: 'done' | 'problem'
  /** When it was shown, in milliseconds. */
  at: number
  /** A second chance, e.g. Undo. */
  action?: { label: string; run: () => void }
}

/** The message on the screen; a new one takes the place of the one before, so they never pile up. */
export const currentToast = ref<Toast | null>(null)
let last = 0

/** Shows a short message; it goes away after 6 seconds, with an action after 10. */
export function toast(text: string, options: Partial<Pick<Toast, 'kind' | 'action'>> = {}): void {
  const entry: Toast = { id: ++last, text, kind: 'done', at: Date.now(), ...options }
  currentToast.value = entry
  setTimeout(() => dismiss(entry.id), (entry.action ? 10 : 6) * 1000)
}

export function dismiss(id: number): void {
  if (currentToast.value?.id === id) currentToast.value = null
}

/** A message that came this long before a change of page belongs to that change, in milliseconds. */
const WITH_CHANGE_MS = 1500

/** After a change of page: what was said about the page before is stale. An offered undo stays. */
export function dropStaleToast(): void {
  const entry = currentToast.value
  if (entry && !entry.action && Date.now() - entry.at > WITH_CHANGE_MS) currentToast.value = null
}

/** After a change of language: what was said in the old one goes. */
export function dropToast(): void {
  currentToast.value = null
}
