import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/shared/format/i18n'
import DataTable from './DataTable.vue'

const table = mount(DataTable<{ id: number; name: string; cost: number }>, {
  props: {
    caption: 'Bookings',
    columns: [
      { key: 'name', label: 'Name' },
      { key: 'cost', label: 'Cost', number: true },
      { key: 'open', label: 'Actions', actions: true },
    ],
    rows: [
      { id: 1, name: 'Ann', cost: 2 },
      { id: 2, name: 'Bert', cost: 3 },
    ],
  },
  slots: {
    name: '<template #name="{ row }">{{ row.name }}</template>',
    cost: '<template #cost="{ row }">€{{ row.cost }}</template>',
    open: '<button type="button">Open</button>',
  },
})

describe('a table', () => {
  it('has a caption and a heading for each column', () => {
    expect(table.get('caption').text()).toBe('Bookings')
    expect(table.findAll('th[scope=col]').map((one) => one.text())).toEqual([
      'Name',
      'Cost',
      'Actions',
    ])
  })

  it('names each row by its first cell', () => {
    expect(table.findAll('th[scope=row]').map((one) => one.text())).toEqual(['Ann', 'Bert'])
  })

  it('labels the cells of a phone by their column, not those with buttons', () => {
    const cells = table.findAll('tbody tr:first-child td')
    expect(cells.map((one) => [one.text(), one.attributes('data-label')])).toEqual([
      ['€2', 'Cost'],
      ['Open', undefined],
    ])
    expect(cells[0]!.classes()).toContain('text-end')
  })
})

describe('a table that can be sorted', () => {
  const sorted = (sort: { key: string; descending: boolean }) =>
    mount(DataTable<{ id: number }>, {
      props: {
        caption: 'Lots',
        columns: [
          { key: 'name', label: 'Name', sort: 'up' as const },
          { key: 'free', label: 'Free', sort: 'down' as const },
          { key: 'note', label: 'Note' },
        ],
        rows: [],
        sort,
      },
      global: { plugins: [i18n] },
    })

  it('says by which column, and which others can be sorted by', () => {
    const headings = sorted({ key: 'free', descending: true }).findAll('th')
    expect(headings.map((one) => one.attributes('aria-sort'))).toEqual([
      'none',
      'descending',
      undefined,
    ])
    expect(headings.map((one) => one.find('button').exists())).toEqual([true, true, false])
  })

  it('begins with the order that a column is for, and turns it round at the second press', async () => {
    const lots = sorted({ key: 'name', descending: false })
    const [name, free] = lots.findAll('th button')
    await name!.trigger('click')
    await free!.trigger('click')
    expect(lots.emitted('sort')).toEqual([
      [{ key: 'name', descending: true }],
      [{ key: 'free', descending: true }],
    ])
  })
})
