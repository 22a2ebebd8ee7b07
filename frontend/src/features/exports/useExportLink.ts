import { ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * The export that the link in a mail leads to (`?export=<number>#token=…`): the page opens it at
 * once, and takes it out of the address. The token is of no use here: whoever is signed in and owns
 * the export may fetch it.
 */
export function useExportLink() {
  const route = useRoute()
  const router = useRouter()
  const wanted = Number(route.query.export)
  const linked = ref<number | null>(Number.isSafeInteger(wanted) && wanted > 0 ? wanted : null)
  if (linked.value)
    void router.replace({ query: { ...route.query, export: undefined, token: undefined } })
  return linked
}
