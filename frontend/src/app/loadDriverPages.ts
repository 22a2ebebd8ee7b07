import type { Router } from 'vue-router'
import { useTexts } from '@/shared/format/i18n'

const OFFLINE_PAGES = ['bookings', 'booking', 'receipt', 'lot', 'profile']

/** Fetches the code and the texts of the driver's pages, so that they open without a network, too. */
export async function loadDriverPages(router: Router): Promise<void> {
  const routes = router.getRoutes().filter(({ name }) => OFFLINE_PAGES.includes(String(name)))
  await useTexts(...routes.flatMap(({ meta }) => meta.texts ?? []))
  const pages = routes.map(({ components }) => components?.default as () => Promise<unknown>)
  await Promise.all(pages.map((load) => load()))
}
