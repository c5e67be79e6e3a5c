/** Of what is printed for people, in characters, where words can be broken. */
export const WIDTH = 120;
