import type { Mail, MailState } from './api'

export type Look = 'free' | 'reserved' | 'problem' | 'quiet'

const LOOKS: Record<MailState, Look> = {
  queued: 'reserved',
  sending: 'reserved',
  retrying: 'reserved',
  failed: 'problem',
  sent: 'free',
  suppressed: 'quiet',
  discarded: 'quiet',
}

export const lookOf = (state: MailState): Look => LOOKS[state]

/** What the outbox allows (backend: mail/service.py, retry and discard). */
export const mayRetry = (mail: Pick<Mail, 'state'>): boolean =>
  ['failed', 'discarded', 'retrying'].includes(mail.state)
export const mayDiscard = (mail: Pick<Mail, 'state'>): boolean =>
  ['failed', 'queued', 'retrying'].includes(mail.state)
