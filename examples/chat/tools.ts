import { tool } from 'ai';
import { z } from 'zod';

/** The tools of the model. */
export const tools = {
  refundOrder: tool({
    description: 'Pays the price of an order back to the customer.',
    inputSchema: z.object({ orderId: z.string() }),
    execute: ({ orderId }) => ({ orderId, refunded: true }), // a real shop would pay here
  }),
};

/** Money moves only if the user says so. */
export const toolApproval = { refundOrder: 'user-approval' } as const;
