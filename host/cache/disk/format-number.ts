/** The number of the cache's layout, raised with every change that an older or newer version would misread. */
export const formatNumber = 1;
