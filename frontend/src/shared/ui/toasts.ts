import { ref } from 'vue'

export interface Toast {
  id: number
  text: string
  kind: 'done' | 'problem'
  /** A second chance, e.g. Undo. */
  action?: { label: string; run: () => void }
}

export const toasts = ref<Toast[]>([])
let last = 0

/** Shows a short message at the foot of the page; it goes away after `seconds` (with an action: 10). */
export function toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  const entry: Toast = { id: ++last, text, kind: 'done', ...options }
  toasts.value = [...toasts.value.slice(-2), entry]
  setTimeout(() => dismiss(entry.id), (entry.action ? 10 : 6) * 1000)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}
