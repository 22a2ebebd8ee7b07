import { ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { asApiError } from '@/shared/api/errors'
import { catchLinkToken, dropLinkToken, linkToken } from '@/shared/browser/linkToken'

/** The mailed link by which this page was opened. */
export function useLinkToken() {
  const route = useRoute()
  const router = useRouter()
  const token = ref(linkToken())

  // Another link opened in the same tab may change the fragment only, which loads nothing anew.
  watch(
    () => route.fullPath,
    () => {
      if (!catchLinkToken()) return
      token.value = linkToken()
      void router.replace({ path: route.path })
    },
  )

  /** Uses the link. It is forgotten once it has worked, or the server says that it does not. */
  async function use<T>(work: (token: string) => Promise<T>): Promise<T> {
    try {
      const answer = await work(token.value)
      dropLinkToken()
      return answer
    } catch (thrown) {
      if (asApiError(thrown).code === 'link_invalid') dropLinkToken()
      throw thrown
    }
  }

  return { token, use }
}
