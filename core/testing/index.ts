/** What the author of a plugin tests with: `tutti/testing`. */
export {};
