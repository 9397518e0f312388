/** Seconds for one command, or for one of many devices. */
export const defaultTimeoutSeconds = 300;
/** Seconds for one device's answer in a survey: it must not hold up the others. */
export const defaultAnswerSeconds = 15;
/** Seconds for which a watched device must stay as it is before that counts. */
export const defaultSettleSeconds = 1;
