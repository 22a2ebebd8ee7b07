import { useTexts } from '@/shared/format/i18n'
import { defineAsyncComponent, onMounted, type Component } from 'vue'

const AT_REST_MS = 300
const RETRY_MS = 10_000

/**
 * A component that is not part of the first load, but is fetched as soon as the page has come to
 * rest: there before anybody has found the button that opens it, offline included. `texts` are the
 * folders whose texts it needs beside those of the first load. What cannot be fetched, without a
 * network, is tried again later: the page goes on without it.
 */
export function lazyDialog<T extends Component>(
  fetchCode: () => Promise<{ default: T }>,
  ...texts: string[]
): T {
  const load = () => Promise.all([fetchCode(), useTexts(...texts)]).then(([code]) => code)
  onMounted(() => setTimeout(() => void load().catch(() => undefined), AT_REST_MS))
  return defineAsyncComponent({
    loader: load as () => Promise<{ default: never }>,
    onError: (_, retry) => void setTimeout(retry, RETRY_MS),
  }) as unknown as T
}
