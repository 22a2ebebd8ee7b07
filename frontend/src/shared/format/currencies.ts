/** Currencies without hundredths (ISO 4217); the same list as the server's (backend/parking/money.py). */
const WHOLE = new Set(
  'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '),
)

export const isWhole = (currency: string): boolean => WHOLE.has(currency)

/** How many decimals an amount is written with: none in such a currency, unless an old one has them. */
export const decimalsOf = (amount: number, currency: string): 0 | 2 =>
  isWhole(currency) && Number.isInteger(amount) ? 0 : 2
