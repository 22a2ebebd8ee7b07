import { ref, watchEffect } from 'vue'

/** The operator's name for this site; the page's brand. */
export const siteName = ref('')

/** Sets the document's title while the component lives, e.g. "Your bookings · Parkwell". */
export function useTitle(title: () => string): void {
  watchEffect(() => {
    document.title = [title(), siteName.value].filter(Boolean).join(' · ')
  })
}
