import { defineAsyncComponent, onMounted, type Component } from 'vue'

const AT_REST_MS = 300

/**
 * A component that is not part of the first load, but is fetched as soon as the page has come to
 * rest: there before anybody has found the button that opens it, offline included.
 */
export function lazyDialog<T extends Component>(load: () => Promise<{ default: T }>): T {
  onMounted(() => setTimeout(() => void load().catch(() => undefined), AT_REST_MS))
  return defineAsyncComponent(load as () => Promise<{ default: never }>) as unknown as T
}
