using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access.Rights;

/// <summary>Which permissions a role is.</summary>
internal static class Roles
{
    /// <summary>What a person can be given; to act in other names is for programs alone.</summary>
    public const Permission All = Permission.Read | Permission.Label | Permission.Operate | Permission.Approve | Permission.Administer;

    public static Permission Of(Role role) => role switch
    {
        Role.Viewer => Permission.Read,
        Role.Labeller => Permission.Read | Permission.Label,
        Role.Operator => Permission.Read | Permission.Label | Permission.Operate,
        Role.Approver => Permission.Read | Permission.Label | Permission.Approve,
        Role.Admin => All,
        _ => Permission.None,
    };

    /// <summary>One by one, in a fixed order.</summary>
    public static IReadOnlyList<Permission> Each(Permission permissions) => [.. Enum.GetValues<Permission>().Where(one => one != Permission.None && permissions.HasFlag(one))];

    public static Permission Join(IEnumerable<Permission> permissions) => permissions.Aggregate(Permission.None, (all, one) => all | one);
}
