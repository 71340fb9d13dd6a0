using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access.Oidc;

/// <summary>From the groups a provider names to roles here. Pure.</summary>
internal static class GroupRule
{
    /// <returns>Null when the text is no list of roles.</returns>
    public static IReadOnlyList<RoleGrant>? Read(string text)
    {
        var roles = new List<RoleGrant>();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = word.Split('@', 2);
            if (!Enum.TryParse<Role>(parts[0], ignoreCase: true, out var role) || !char.IsLetter(parts[0][0]) || (parts.Length == 2 && !Identifier.IsValid(parts[1]))) return null;
            roles.Add(new RoleGrant(role, parts.Length == 2 ? parts[1] : null));
        }
        return roles.Count == 0 ? null : roles;
    }

    public static IReadOnlyList<RoleGrant> Of(IEnumerable<string> groups, IReadOnlyDictionary<string, string> map) =>
        [.. groups.Where(map.ContainsKey).SelectMany(group => Read(map[group]) ?? []).Distinct()];
}
