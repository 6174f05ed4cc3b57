import { isDigit, MINUS } from './json-tokens.js';

/** Different decimals of up to 15 digits are different doubles (C's DBL_DIG), in the range of normal doubles. */
export const EXACT_DIGITS = 15;
const EXACT_EXPONENT = 290; // of the last digit: such numbers lie between 1e-290 and 1e305

/** Longer exponents are not added up: at a million digits each would take a tenth of a second. */
const MAX_EXPONENT_DIGITS = 1000;

/**
 * JSON for a number such that JSON.parse gives the same value (`===`) for equal decimals and for those only: a number
 * where a double tells them apart, else the string `#` and the one spelling `digits e exponent`, the digits without zeros
 * at either end. An exponent of more than 1000 digits is not normalised, the number then equals its own spelling only.
 *
 * @param source a JSON number; never computed, so `1e999999999` costs nothing
 */
export function canonicalNumber(source: string): string {
  const e = source.search(/e/i);
  const mantissa = e < 0 ? source : source.slice(0, e);
  const sign = mantissa.charCodeAt(0) === MINUS ? '-' : '';
  const point = mantissa.indexOf('.');
  const whole = mantissa.slice(sign.length, point < 0 ? undefined : point);
  const fraction = point < 0 ? '' : mantissa.slice(point + 1);

  const all = whole + fraction;
  const end = lengthWithoutEndZeros(all);
  if (end === 0) return '0';
  const digits = all.slice(countZeros(all), end);

  const shift = all.length - end - fraction.length; // power of ten of the last digit, before the exponent counts
  const exponent = e < 0 ? shift : addExponent(source.slice(e + 1), shift);
  if (exponent === undefined) return `"#${source}"`;
  const spelling = `${sign}${digits}e${exponent.toString()}`;
  const exact = digits.length <= EXACT_DIGITS && exponent >= -EXACT_EXPONENT && exponent <= EXACT_EXPONENT;
  return exact ? spelling : `"#${spelling}"`;
}

/** Sum of an exponent as spelled and a shift; undefined if the exponent is too long to add up. */
function addExponent(spelled: string, shift: number): number | bigint | undefined {
  const unsigned = isDigit(spelled.charCodeAt(0)) ? spelled : spelled.slice(1);
  const digits = unsigned.slice(countZeros(unsigned));
  if (digits.length > MAX_EXPONENT_DIGITS) return undefined;
  const negative = spelled.startsWith('-');
  if (digits.length <= EXACT_DIGITS) return (negative ? -Number(digits) : Number(digits)) + shift;
  return (negative ? -BigInt(digits) : BigInt(digits)) + BigInt(shift);
}

/** Number of zeros at the start. */
function countZeros(digits: string): number {
  let at = 0;
  while (digits[at] === '0') at++;
  return at;
}

/** Not a regular expression: /0+$/ is quadratic on runs of zeros. */
function lengthWithoutEndZeros(digits: string): number {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return end;
}
