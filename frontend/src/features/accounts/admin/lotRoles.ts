import { useSession } from '@/features/accounts/session'
import type { User } from '@/shared/api/types'

export type LotRole = User['lot_roles'][number]['role']
/** From the least to the most; each includes those before it. */
export const LOT_ROLES: readonly LotRole[] = ['viewer', 'attendant', 'manager']

/** What the user may do in single lots. Administrators may everything in every lot. */
export function useLotRoles() {
  const session = useSession()
  const rank = (role: LotRole) => LOT_ROLES.indexOf(role)

  /** Whether they have this role, or one that includes it, in this lot. */
  function may(role: LotRole, lotId: number): boolean {
    if (session.isAdmin) return true
    const held = session.user?.lot_roles.find((one) => one.lot_id === lotId)
    return held !== undefined && rank(held.role) >= rank(role)
  }
  /** Those of the lots that they may see as staff. */
  const own = <T extends { id: number }>(lots: readonly T[] | undefined): T[] =>
    (lots ?? []).filter((lot) => may('viewer', lot.id))
  return { may, own }
}
