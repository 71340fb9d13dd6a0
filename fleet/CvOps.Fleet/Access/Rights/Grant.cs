using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access.Rights;

/// <param name="Site">Null: on all sites.</param>
internal sealed record Grant(Permission Permissions, string? Site);
