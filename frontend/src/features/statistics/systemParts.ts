import type { Schema } from '@/shared/api/types'

type System = Schema<'System'>
/** A part of the system that can be well or not. */
export type SystemPart = Exclude<keyof System, 'version'>

/** Every part of the answer (a new one is an error of types here), in the order of the system page: whether a problem is critical, or there is time for it. */
const CRITICAL: Record<SystemPart, boolean> = {
  database: true,
  redis: true,
  worker: true,
  beat: true,
  outbox: true,
  mail_certificate: false,
  disk: true,
  backup: true,
  replicas: false,
  encryption: false,
  names: false,
}
export const SYSTEM_PARTS = Object.keys(CRITICAL) as SystemPart[]
export const isCritical = (part: SystemPart) => CRITICAL[part]
