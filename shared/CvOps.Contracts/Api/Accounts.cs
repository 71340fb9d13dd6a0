using System.Text.Json.Serialization;

namespace CvOps.Contracts.Api;

/// <summary>What somebody may do. A role is a set of these, the scopes of an API token are some of its owner's.</summary>
[Flags]
public enum Permission
{
    None = 0,

    /// <summary>See everything but accounts.</summary>
    Read = 1,

    /// <summary>Label frames, judge them, bring pictures.</summary>
    Label = 2,

    /// <summary>Devices, models, training, rollouts.</summary>
    Operate = 4,

    /// <summary>Let a rollout go on, or a draft start.</summary>
    Approve = 8,

    /// <summary>Accounts, tokens, enrolment, certificates.</summary>
    Administer = 16,

    /// <summary>Say in whose name it acts: for programs that people work with, such as the one of a line. No role has it.</summary>
    ActFor = 32,
}

/// <summary>What a person is to the fleet.</summary>
public enum Role { Viewer, Labeller, Operator, Approver, Admin }

/// <param name="Site">Null: on all sites.</param>
public sealed record RoleGrant(Role Role, string? Site = null);

/// <summary>A person's account.</summary>
/// <param name="LockedUntil">After wrong passwords; null when it is not locked.</param>
/// <param name="SecondFactor">Whether it asks for a code besides the password.</param>
/// <param name="Provider">Who says who this is: null for a password here.</param>
public sealed record AccountView(
    string Name, IReadOnlyList<RoleGrant> Roles, DateTimeOffset CreatedAt, string CreatedBy, bool Disabled, DateTimeOffset? LockedUntil, bool SecondFactor, string? Provider, DateTimeOffset? SignedInAt);

/// <param name="Name">Letters, digits and <c>. _ - @ +</c>; upper case is taken as lower.</param>
public sealed record AccountRequest(string Name, IReadOnlyList<RoleGrant> Roles);

/// <summary>What becomes of an account; members that are null stay.</summary>
public sealed record AccountChange
{
    public IReadOnlyList<RoleGrant>? Grant { get; init; }

    public IReadOnlyList<RoleGrant>? Revoke { get; init; }

    public bool? Disabled { get; init; }

    /// <summary>Signs its owner out everywhere, also where nothing else changes.</summary>
    public bool? EndSessions { get; init; }
}

/// <summary>A new password of whoever asks, who shows the present one (and a one-time code, where the account asks for one).</summary>
public sealed record PasswordChange(string Current, string Next)
{
    public string? Code { get; init; }
}

/// <summary>An account, and a link that lets its owner set a password once.</summary>
/// <param name="Link">A path of the fleet with the secret behind #, which no server and no log sees; null when none was made.</param>
public sealed record AccountLink(AccountView Account, string? Link, DateTimeOffset? Until);

/// <param name="Scopes">What it may; never more than its owner.</param>
/// <param name="Sites">Null: all of its owner's.</param>
public sealed record ApiTokenRequest(string Name, IReadOnlyList<Permission> Scopes, IReadOnlyList<string>? Sites = null)
{
    /// <summary>Above 0 and at most 3650.</summary>
    public double ValidDays { get; set; } = 90;
}

/// <param name="Id">Its beginning, which may be shown.</param>
/// <param name="Owner">The account whose rights bound it; null: made with the fleet's local token.</param>
public sealed record ApiTokenView(
    string Id, string Name, string? Owner, IReadOnlyList<Permission> Scopes, IReadOnlyList<string>? Sites, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, DateTimeOffset? RevokedAt);

/// <param name="Text">The token itself; shown this once, kept nowhere.</param>
public sealed record ApiTokenCreated(ApiTokenView Token, string Text);

/// <summary>Who asks, as the fleet sees it.</summary>
/// <param name="Kind">account, token or local.</param>
/// <param name="Sites">Null: all of them.</param>
public sealed record WhoView(string Name, string Kind, IReadOnlyList<Permission> Permissions, IReadOnlyList<string>? Sites)
{
    /// <summary>What the pages of this session send with every change; null without a session.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FormToken { get; init; }
}

/// <summary>A name and password for a token, as <c>cvops login</c> asks.</summary>
/// <param name="Machine">For the token's name, so that its owner knows it in a list.</param>
public sealed record LoginRequest(string Name, string Password, string? Code, string Machine)
{
    public double ValidDays { get; set; } = 30;
}

/// <summary>The second factor of whoever asks.</summary>
/// <param name="Active">Signing in takes a code besides the password.</param>
/// <param name="Waits">A secret waits for its first code.</param>
/// <param name="RecoveryCodes">How many are left.</param>
public sealed record FactorView(bool Active, bool Waits, int RecoveryCodes);

/// <summary>That a change of the second factor is its owner's: the password, or a code that is good now. One is enough.</summary>
/// <param name="Code">Of the authenticator, or a recovery code.</param>
public sealed record FactorProof(string? Password = null, string? Code = null);

/// <param name="Code">The first of the secret that waits.</param>
public sealed record FactorCode(string Code);

/// <summary>What an authenticator is told, once.</summary>
/// <param name="Secret">In base 32, as people type it.</param>
/// <param name="Address">The same as otpauth://, as authenticators open it.</param>
/// <param name="Drawn">The address as a QR code of block characters, for a terminal.</param>
public sealed record FactorSetup(string Secret, string Address, string Drawn);

/// <param name="Codes">Each opens once in place of an authenticator's code; told this once.</param>
public sealed record FactorCodes(IReadOnlyList<string> Codes);
