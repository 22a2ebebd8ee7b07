import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether the window is wider than a phone's; follows the window. */
export function useWide(): Ref<boolean> {
  const query = window.matchMedia('(width >= 48rem)')
  const wide = ref(query.matches)
  const follow = () => (wide.value = query.matches)
  query.addEventListener('change', follow)
  onScopeDispose(() => query.removeEventListener('change', follow))
  return wide
}
