import { z } from "zod";

const LEAST = 0.5;
const MOST = 2;

/** How much faster a clock runs than true time. Rates between `low` and `high` could not be told from true time. */
export function speedArg({ low, high }: { readonly low: number; readonly high: number }, describes: string) {
  const error = ({ input }: { readonly input?: unknown }): string => {
    const allowed = `a rate of ${LEAST} to ${low} or ${high} to ${MOST}`;
    if (input === undefined) return `is missing; needs ${allowed}`;
    return `${JSON.stringify(input)} is not ${allowed} (nearer to 1 it could not be told from true time)`;
  };
  return z
    .number({ error })
    .min(LEAST, { error })
    .max(MOST, { error })
    .refine((rate) => rate <= low || rate >= high, { error })
    .describe(describes);
}
