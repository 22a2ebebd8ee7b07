import { ref, watch, watchEffect } from 'vue'

const KEY = 'pw-site'

/** The operator's name for this site; the page's brand. The browser knows it without a network, too. */
export const siteName = ref(localStorage.getItem(KEY) ?? '')
watch(siteName, (name) => localStorage.setItem(KEY, name))

/** Sets the document's title while the component lives, e.g. "Your bookings · Parkwell". */
export function useTitle(title: () => string): void {
  watchEffect(() => {
    document.title = [title(), siteName.value].filter(Boolean).join(' · ')
  })
}
