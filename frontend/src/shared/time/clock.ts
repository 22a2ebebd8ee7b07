import { onScopeDispose, ref, type Ref } from 'vue'

/**
 * The server's time as this page knows it. A phone whose clock is wrong still shows the right
 * running cost: every answer that carries `server_time` corrects the difference.
 */
let skewMs = 0

export function learnServerTime(serverTime: string | undefined): void {
  if (serverTime) skewMs = new Date(serverTime).getTime() - Date.now()
}

export function serverNow(): Date {
  return new Date(Date.now() + skewMs)
}

/** The server's time, renewed every `everyMs` while the component lives and when the page wakes up. */
export function useServerNow(everyMs = 1000): Ref<Date> {
  const now = ref(serverNow())
  const tick = () => (now.value = serverNow())
  const timer = setInterval(tick, everyMs)
  document.addEventListener('visibilitychange', tick)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return now
}
