import { http } from '@/shared/api/http'
import type { Schema } from '@/shared/api/types'

export type StaffMember = Schema<'StaffMember'>
export type LotRole = StaffMember['role']

const url = (lotId: number) => `/api/lots/${lotId}/staff`
type List = { staff: StaffMember[] }

export const staffApi = {
  list: (lotId: number) => http.get<List>(url(lotId)).then((answer) => answer.staff),
  /** The account of exactly this address; 404 where there is none. */
  find: (lotId: number, email: string) =>
    http
      .post<Schema<'PersonAnswer'>>(`${url(lotId)}/person`, { email })
      .then((answer) => answer.user),
  /** Gives a role, or another one. Whoever is new is named by their address, too. */
  give: (lotId: number, userId: number, role: LotRole, email?: string) =>
    http
      .put<List>(`${url(lotId)}/${userId}`, email ? { role, email } : { role })
      .then((answer) => answer.staff),
  withdraw: (lotId: number, userId: number) =>
    http.delete<List>(`${url(lotId)}/${userId}`).then((answer) => answer.staff),
}
