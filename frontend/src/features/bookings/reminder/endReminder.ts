import { ref } from 'vue'
import type { Booking } from '@/shared/api/types'
import { i18n, useTexts } from '@/shared/format/i18n'
import { serverNow } from '@/shared/time/clock'
import { readLast } from '@/shared/time/lastSeen'

/**
 * A notification of the device before a reserved time ends. It is a choice for this browser, and it
 * comes while a page of the site is open, also in the background: no service sends it.
 */
export const LEAD_MINUTES = 10
export const STORE = 'pw-end-reminder'
/** The last end that this browser was reminded of, so that other tabs and a reload say nothing. */
const REMINDED = 'pw-end-reminded'
/** A timer takes no more than 24.8 days. */
const LONGEST_MS = 86_400_000

export const canNotify = (): boolean => 'Notification' in window
export const isBlocked = (): boolean => canNotify() && Notification.permission === 'denied'
export const reminderOn = ref(localStorage.getItem(STORE) !== null && mayNotify())

const timers = new Map<number, ReturnType<typeof setTimeout>>()

function mayNotify(): boolean {
  return canNotify() && Notification.permission === 'granted'
}

/** Asks the person where needed; returns whether reminders are on now. */
export async function turnOn(): Promise<boolean> {
  const allowed = mayNotify() || (await Notification.requestPermission()) === 'granted'
  if (allowed) localStorage.setItem(STORE, 'on')
  reminderOn.value = allowed
  return allowed
}

export function turnOff(): void {
  localStorage.removeItem(STORE)
  reminderOn.value = false
  schedule([])
}

/** Milliseconds until the reminder is due, or null for a booking whose end needs none. */
function dueIn({ booking_type, status, reserved_end }: Booking): number | null {
  if (booking_type !== 'reserved' || !reserved_end) return null
  if (status !== 'Active' && status !== 'Reserved') return null
  const left = new Date(reserved_end).getTime() - serverNow().getTime()
  return left > 0 ? left - LEAD_MINUTES * 60_000 : null
}

/** Whether the person can still be reminded in good time. */
export const isAhead = (booking: Booking): boolean => (dueIn(booking) ?? 0) > 0

/** Sets the timers for these bookings, and clears all others. */
export function schedule(bookings: readonly Booking[]): void {
  timers.forEach((timer) => clearTimeout(timer))
  timers.clear()
  if (reminderOn.value) bookings.forEach(setTimer)
}

function setTimer(booking: Booking): void {
  const due = dueIn(booking)
  if (due === null) return
  const later = () => (due > LONGEST_MS ? setTimer(booking) : void remind(booking))
  timers.set(booking.id, setTimeout(later, Math.min(Math.max(due, 0), LONGEST_MS)))
}

async function remind(booking: Booking): Promise<void> {
  // Whoever has signed out since, here or in another tab, is not told of it: it may be somebody else by now.
  if (!readLast<Booking>()?.bookings.some(({ id }) => id === booking.id)) return
  const key = `${booking.id} ${booking.reserved_end}`
  if (localStorage.getItem(REMINDED) === key) return
  localStorage.setItem(REMINDED, key)
  const left = new Date(booking.reserved_end ?? 0).getTime() - serverNow().getTime()
  const minutes = Math.max(1, Math.round(left / 60_000))
  await useTexts('features/bookings/reminder')
  const { t } = i18n.global
  await show(t('reminder.title', { n: minutes }, minutes), {
    body: t('reminder.body', { lot: booking.lot_name, spot: booking.spot_number }),
    tag: `booking-${booking.id}`,
    icon: '/favicon.svg',
    data: `/bookings/${booking.id}`,
  })
}

/** Android shows only what a service worker shows. */
async function show(title: string, options: NotificationOptions): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration()
  if (worker) return worker.showNotification(title, options)
  const notification = new Notification(title, options)
  notification.onclick = () => {
    window.focus()
    location.assign(options.data as string)
  }
}
