/** What has to be granted for the calls of this room, in the words that a 403 is explained with. */

/** Changing an application's certificates. */
export const managePermission =
  "Microsoft Graph permission Application.ReadWrite.All (delegated) or Application.ReadWrite.OwnedBy (application), and for a user who does not own the application the role Application Administrator";

/** Registering an application and creating its service principal. */
export const createPermission =
  "the right to register applications: Microsoft Graph permission Application.ReadWrite.All (delegated) or Application.ReadWrite.OwnedBy (application), and for users the role Application Developer where the tenant forbids registration";

/** Reading applications and service principals. */
export const readPermission = "Microsoft Graph permission Application.Read.All";
