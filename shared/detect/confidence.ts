/** How likely a hit of a rule is a true one, as the rule says itself. */
export const confidences = ['low', 'medium', 'high'] as const;
export type Confidence = (typeof confidences)[number];
