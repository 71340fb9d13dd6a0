namespace CvOps.Fleet.Access.Oidc;

/// <summary>A provider that people sign in at (OpenID Connect): section <c>Fleet:Oidc</c>.</summary>
internal sealed class OidcOptions
{
    /// <summary>The issuer's address, as its tokens say it; <c>/.well-known/openid-configuration</c> lies under it.</summary>
    public string Authority { get; set; } = "";

    public string ClientId { get; set; } = "";

    /// <summary>Null for a public client, which has PKCE alone. Not for the command line: <c>Fleet__Oidc__ClientSecret</c>.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>What is asked for, beside <c>openid</c>.</summary>
    public string Scopes { get; set; } = "profile email";

    /// <summary>The claim that an account is called by.</summary>
    public string NameClaim { get; set; } = "preferred_username";

    /// <summary>The claim that has a person's groups.</summary>
    public string GroupClaim { get; set; } = "groups";

    /// <summary>Group to roles, comma between them: <c>viewer, operator@ulm</c>. Who is in none of them does not come in. Asked anew at each sign-in.</summary>
    public Dictionary<string, string> Roles { get; set; } = [];

    /// <summary>How the sign-in page calls the provider.</summary>
    public string Label { get; set; } = "your organisation";

    public IEnumerable<string> Mistakes()
    {
        if (!IsSafe(Authority)) yield return $"Fleet:Oidc:Authority '{Authority}' is no https address of a provider.";
        if (ClientId.Length == 0) yield return "Fleet:Oidc:ClientId is missing: the name under which the provider knows this fleet.";
        if (Roles.Count == 0) yield return "Fleet:Oidc:Roles is empty, so nobody could come in: map a group to roles, e.g. Fleet__Oidc__Roles__operators=operator.";
        foreach (var (group, roles) in Roles)
            if (GroupRule.Read(roles) is null) yield return $"Fleet:Oidc:Roles:{group} '{roles}': write viewer, labeller, operator, approver or admin, on one site as operator@ulm, comma between them.";
    }

    /// <summary>By https, or on this machine.</summary>
    public static bool IsSafe(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var parsed) && (parsed.Scheme == Uri.UriSchemeHttps || (parsed.Scheme == Uri.UriSchemeHttp && parsed.IsLoopback));
}
