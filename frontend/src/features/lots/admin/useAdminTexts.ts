import { ref } from 'vue'
import { useCatalogue } from '@/shared/format/i18n'

/** The texts of lots and bookings at the desk come with their pages. */
export function useAdminTexts() {
  const ready = ref(false)
  void useCatalogue('adminLots').finally(() => (ready.value = true))
  return ready
}
