import { ref, watch } from 'vue'
import type { Theme } from '@/shared/api/types'
import { isKnownZone, safeZone } from '@/shared/time/zones'

/** Choices of this user on this device: theme and the zone times without a lot are shown in. */
const THEME_KEY = 'pw-theme'

const KEYS_KEY = 'pw-single-keys'

export const theme = ref<Theme>(readTheme())
const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export const displayTimezone = ref(safeZone(browserZone()))
/** False where neither profile nor browser name a zone known here: times are in UTC, and say so. */
export const displayZoneKnown = ref(isKnownZone(browserZone()))

/** Whether single keys do something (WCAG 2.1.4: they can be turned off). */
export const singleKeys = ref(localStorage.getItem(KEYS_KEY) !== 'off')
watch(singleKeys, (on) => localStorage.setItem(KEYS_KEY, on ? 'on' : 'off'))

function readTheme(): Theme {
  const stored = localStorage.getItem(THEME_KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

// What is set in one tab holds in the others.
window.addEventListener('storage', ({ key }) => {
  if (key === KEYS_KEY) singleKeys.value = localStorage.getItem(KEYS_KEY) !== 'off'
  if (key !== THEME_KEY) return
  theme.value = readTheme()
  paint()
})

const systemDark = window.matchMedia('(prefers-color-scheme: dark)')

function paint(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && systemDark.matches)
  document.documentElement.dataset.bsTheme = dark ? 'dark' : 'light'
  const colour = dark ? '#131416' : '#f6f5f0'
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', colour)
}

export function setTheme(choice: Theme): void {
  theme.value = choice
  localStorage.setItem(THEME_KEY, choice)
  paint()
}

/** Times that belong to no lot follow the profile's zone; without one, the browser's. */
export function setDisplayTimezone(zone: string | null): void {
  const timezone = zone ?? browserZone()
  displayTimezone.value = safeZone(timezone)
  displayZoneKnown.value = isKnownZone(timezone)
}

export function followSystemTheme(): void {
  systemDark.addEventListener('change', paint)
  paint()
}
