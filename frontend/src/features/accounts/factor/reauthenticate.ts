import { ref } from 'vue'

/** What is asked for: a code of the second factor, or the password. */
export type Proof = 'code' | 'password'

/** What somebody is being asked for, because what they want to do needs a recent one; null: nothing. */
export const asking = ref<Proof | null>(null)
let waiting: ((given: boolean) => void)[] = []

/** Opens the dialog; resolves to whether a good one was given. Several requests share one dialog. */
export function reauthenticate(proof: Proof): Promise<boolean> {
  if (asking.value && asking.value !== proof) return Promise.resolve(false)
  asking.value = proof
  return new Promise((resolve) => waiting.push(resolve))
}

/** The dialog has closed, with a good code or password or without. */
export function answered(given: boolean): void {
  asking.value = null
  for (const resolve of waiting) resolve(given)
  waiting = []
}
