export const hello = 'nobody looks here';
