import { mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { useSession } from '@/features/accounts/session'
import type { User } from '@/shared/api/types'
import UserLink from './components/UserLink.vue'
import { useLotRoles, type LotRole } from './lotRoles'

const lots = [{ id: 1 }, { id: 2 }, { id: 3 }]

function signIn(roles: User['roles'], inLots: Record<number, LotRole> = {}) {
  const lot_roles = Object.entries(inLots).map(([id, role]) => {
    return { lot_id: Number(id), lot_name: `Lot ${id}`, role }
  })
  useSession().user = { id: 9, roles, lot_roles } as User
}
const link = () =>
  mount(UserLink, {
    props: { id: 4, name: 'Alice' },
    global: { stubs: { RouterLink: RouterLinkStub } },
  })

afterEach(() => (useSession().user = null))

describe('what the user may do in single lots', () => {
  it('goes as far as their role there, which includes those before it', () => {
    signIn(['user'], { 1: 'viewer', 2: 'attendant', 3: 'manager' })
    const { may } = useLotRoles()
    const table = (['viewer', 'attendant', 'manager'] as const).map((role) =>
      lots.map(({ id }) => may(role, id)),
    )
    expect(table).toEqual([
      [true, true, true],
      [false, true, true],
      [false, false, true],
    ])
  })

  it('is nothing in other lots, and everything for administrators', () => {
    const { may, own } = useLotRoles()
    signIn(['user'], { 2: 'manager' })
    expect([may('viewer', 1), own(lots), useSession().isStaff]).toEqual([false, [{ id: 2 }], true])
    signIn(['user'])
    expect([may('viewer', 1), own(lots), useSession().isStaff]).toEqual([false, [], false])
    signIn(['admin'])
    expect([may('manager', 1), own(lots), useSession().isStaff]).toEqual([true, lots, true])
    expect(own(undefined)).toEqual([])
  })
})

describe('a user by name', () => {
  it('leads to their page for administrators alone', () => {
    signIn(['user'], { 1: 'manager' })
    expect(link().findComponent(RouterLinkStub).exists()).toBe(false)
    expect(link().text()).toBe('Alice')
    signIn(['admin'])
    expect(link().findComponent(RouterLinkStub).props('to')).toEqual({
      name: 'admin-user',
      params: { id: 4 },
    })
  })
})
