import { mount } from '@vue/test-utils'
import { nextTick } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Booking } from '@/shared/api/types'
import { i18n, setLocale, useTexts } from '@/shared/format/i18n'
import ParkedAlready from './ParkedAlready.vue'

const stay = {
  id: 9,
  lot_name: 'Station',
  lot_timezone: 'UTC',
  spot_number: 4,
  start_time: '2026-03-02T07:40:00Z',
} as Booking

/** As the booking panel has it: the question, or the button that books. */
const Panel = {
  components: { ParkedAlready },
  data: () => ({ open: true, running: [stay] }),
  template: `<div>
    <button class="other" @click="open = false">Reserve for later</button>
    <ParkedAlready v-if="open" :running="running" :busy="false" @cancel="open = false" />
    <button v-else class="pw-book-go">Book a spot now</button>
  </div>`,
}

beforeEach(async () => {
  document.body.innerHTML = ''
  await setLocale('en')
  await useTexts('features/bookings/history')
})

describe('the question before a second stay', () => {
  it('takes the focus, and gives it to the button that comes back', async () => {
    const wrapper = mount(Panel, { attachTo: document.body, global: { plugins: [i18n] } })
    expect(document.activeElement?.getAttribute('role')).toBe('group')
    const cancel = wrapper.findAll('button').find((one) => one.text() === 'Cancel')!
    ;(cancel.element as HTMLElement).focus()
    await cancel.trigger('click')
    await nextTick()
    expect(document.activeElement?.className).toBe('pw-book-go')
  })

  it('leaves the focus where somebody has put it', async () => {
    const wrapper = mount(Panel, { attachTo: document.body, global: { plugins: [i18n] } })
    const other = wrapper.get('.other')
    ;(other.element as HTMLElement).focus()
    await other.trigger('click')
    await nextTick()
    expect(document.activeElement).toBe(other.element)
  })
})
