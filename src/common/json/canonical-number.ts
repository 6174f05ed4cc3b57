import { isDigit, MINUS } from './json-tokens.js';

/** Decimals of up to 15 digits that differ are different doubles (C's DBL_DIG), within the range of normal doubles. */
export const EXACT_DIGITS = 15;
/** Limit for the exponent of the last digit: such numbers lie between 1e-290 and 1e305. */
const EXACT_EXPONENT = 290;

/** Longer exponents are not normalized: an addition to an exponent of a million digits takes 0.1 s. */
const MAX_EXPONENT_DIGITS = 1000;

/**
 * Returns JSON whose parsed values are equal (`===`) exactly if the decimals are equal: a number if doubles can tell
 * such decimals apart, otherwise a string of `#` and the canonical spelling `<digits>e<exponent>`, whose digits have
 * no zeros at either end. An exponent of more than 1000 digits is not normalized: the number then equals only its own
 * spelling.
 *
 * @param source a JSON number; it is never evaluated: `1e999999999` costs nothing
 */
export function canonicalNumber(source: string): string {
  const e = source.search(/e/i);
  const mantissa = e < 0 ? source : source.slice(0, e);
  const sign = mantissa.charCodeAt(0) === MINUS ? '-' : '';
  const point = mantissa.indexOf('.');
  const whole = mantissa.slice(sign.length, point < 0 ? undefined : point);
  const fraction = point < 0 ? '' : mantissa.slice(point + 1);

  const all = whole + fraction;
  const end = lengthWithoutTrailingZeros(all);
  if (end === 0) return '0';
  const digits = all.slice(countZeros(all), end);

  const shift = all.length - end - fraction.length; // power of ten of the last digit, without the exponent
  const exponent = e < 0 ? shift : addExponent(source.slice(e + 1), shift);
  if (exponent === undefined) return `"#${source}"`;
  const spelling = `${sign}${digits}e${exponent.toString()}`;
  const exact = digits.length <= EXACT_DIGITS && exponent >= -EXACT_EXPONENT && exponent <= EXACT_EXPONENT;
  return exact ? spelling : `"#${spelling}"`;
}

/** Sum of a spelled exponent and a shift; undefined if the exponent is too long. */
function addExponent(spelled: string, shift: number): number | bigint | undefined {
  const unsigned = isDigit(spelled.charCodeAt(0)) ? spelled : spelled.slice(1);
  const digits = unsigned.slice(countZeros(unsigned));
  if (digits.length > MAX_EXPONENT_DIGITS) return undefined;
  const negative = spelled.startsWith('-');
  if (digits.length <= EXACT_DIGITS) return (negative ? -Number(digits) : Number(digits)) + shift;
  return (negative ? -BigInt(digits) : BigInt(digits)) + BigInt(shift);
}

/** Number of leading zeros. */
function countZeros(digits: string): number {
  let at = 0;
  while (digits[at] === '0') at++;
  return at;
}

/** A loop, because the regular expression /0+$/ is quadratic for many zeros. */
function lengthWithoutTrailingZeros(digits: string): number {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return end;
}
