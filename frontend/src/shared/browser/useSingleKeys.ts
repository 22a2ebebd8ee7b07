import { onScopeDispose } from 'vue'
import { singleKeys } from './preferences'

const TYPING = 'input, textarea, select, [contenteditable], dialog[open]'

/** What single keys do while the component lives: not while one types, not in a dialog, not when turned off. */
export function useSingleKeys(keys: Record<string, () => void>): void {
  function press(event: KeyboardEvent) {
    const target = event.target as HTMLElement | null
    const act = keys[event.key]
    if (!act || !singleKeys.value || event.defaultPrevented || event.repeat) return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (target?.closest?.(TYPING) || document.querySelector('dialog[open]')) return
    event.preventDefault()
    act()
  }
  document.addEventListener('keydown', press)
  onScopeDispose(() => document.removeEventListener('keydown', press))
}
