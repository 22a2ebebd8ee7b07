import { ref, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * The export that the link in a mail leads to (`?export=<number>`, with a token in its fragment that is of no use
 * here: whoever is signed in and owns the export may fetch it). The page opens it at once. Its
 * number stays in the address until `opened` is closed, so that reloading shows it again.
 */
export function useExportLink(opened: Ref<boolean>) {
  const route = useRoute()
  const router = useRouter()
  const id = Number(route.query.export)
  const linked = ref<number | null>(Number.isSafeInteger(id) && id > 0 ? id : null)
  opened.value = linked.value !== null
  watch(opened, (open) => {
    if (!open && route.query.export)
      void router.replace({ query: { ...route.query, export: undefined } })
  })
  return linked
}
