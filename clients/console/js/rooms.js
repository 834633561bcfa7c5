/** The rooms of the console: what the navigation shows, and the module each address loads. */

const draw = (...paths) => paths;

/** `role` is the least one that has a use for the room, `letter` goes there after a `g`. Views are loaded when they are first shown. */
export const ROOMS = [
  { name: "upload", label: "Upload", letter: "u", role: "uploader", icon: draw("M12 16V4m0 0-5 5m5-5 5 5", "M4 16v4h16v-4") },
  { name: "library", label: "Library", letter: "l", role: "viewer", icon: draw("M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z") },
  { name: "search", label: "Search", letter: "s", role: "viewer", icon: draw("M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "m16 16 4.5 4.5") },
  { name: "clusters", label: "Clusters", letter: "c", role: "viewer", icon: draw("M3 7V5h6l2 2h10v12H3z") },
  { name: "duplicates", label: "Duplicates", letter: "d", role: "viewer", icon: draw("M8 8h12v12H8z", "M16 8V4H4v12h4") },
  { name: "collections", label: "Collections", letter: "t", role: "viewer", icon: draw("M4 5h16v14H4z", "M4 10h16M10 10v9") },
  { name: "schemas", label: "Schemas", letter: "p", role: "viewer", icon: draw("M8 4H6a2 2 0 0 0-2 2v3c0 2-1 3-2 3 1 0 2 1 2 3v3a2 2 0 0 0 2 2h2M16 4h2a2 2 0 0 1 2 2v3c0 2 1 3 2 3-1 0-2 1-2 3v3a2 2 0 0 1-2 2h-2") },
  { name: "operations", label: "Operations", letter: "o", role: "viewer", icon: draw("M3 13h4l3-8 4 14 3-6h4") },
];

/** Every view by the first word of its address. */
export const VIEWS = {
  login: () => import("./views/login.js"),
  upload: () => import("./views/upload.js"),
  library: () => import("./views/library.js"),
  objects: () => import("./views/object.js"),
  search: () => import("./views/search.js"),
  clusters: () => import("./views/clusters.js"),
  duplicates: () => import("./views/duplicates.js"),
  collections: () => import("./views/collections.js"),
  schemas: () => import("./views/schemas.js"),
  operations: () => import("./views/operations.js"),
};
