import { ClipboardList, LayoutDashboard, SquareParking, UserRound } from '@lucide/vue'
import { computed, type Component } from 'vue'
import { useI18n } from 'vue-i18n'
import { useSession } from '@/features/accounts/session'

export interface Place {
  name: string
  label: string
  icon: Component
  /** Whether a path lies in this place. */
  matches: (path: string) => boolean
}

/** The places this user can go to. */
export function useNavigation() {
  const { t } = useI18n()
  const session = useSession()

  const driver = computed<Place[]>(() => [
    {
      name: 'home',
      label: t('nav.park'),
      icon: SquareParking,
      matches: (path) => path === '/' || path.startsWith('/lots'),
    },
    {
      name: 'bookings',
      label: t('nav.bookings'),
      icon: ClipboardList,
      matches: (path) => path.startsWith('/bookings'),
    },
  ])
  const admin = computed<Place[]>(() => [
    {
      name: 'admin',
      label: t('nav.admin'),
      icon: LayoutDashboard,
      matches: (path) => path.startsWith('/admin'),
    },
  ])
  const profile = computed<Place>(() => ({
    name: 'profile',
    label: t('nav.profile'),
    icon: UserRound,
    matches: (path) => path === '/profile',
  }))

  const main = computed(() => [
    ...(session.isDriver || session.unreached ? driver.value : []),
    ...(session.isStaff ? admin.value : []),
  ])
  return { main, tabs: computed(() => [...main.value, profile.value]) }
}
