using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class AccessOperations
{
    private static readonly Feature Access = new("Access");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Access.Post<LoginRequest, ApiTokenCreated>("/login", "login", "A token for a name and password, as cvops login asks.") with { Open = true, Refusals = [401] },
        Access.Get<WhoView>("/who", "getWho", "Who asks, as the fleet sees it, and what that may do."),
        Access.Post<PasswordChange, WhoView>("/who/password", "changeOwnPassword", "A new password of one's own; it asks for the present one, and all other sessions end."),
        Access.Get<FactorView>("/who/factor", "getFactor", "Whether one's own account asks for a code besides the password."),
        Access.Post<FactorProof, FactorSetup>("/who/factor", "setUpFactor", "A new secret for an authenticator, for the password; it counts from its first code on."),
        Access.Get("/who/factor/picture", "getFactorPicture", "The secret that waits as a QR code, for a session of the pages.", "image/png") with { Refusals = [404] },
        Access.Post<FactorCode, FactorCodes>("/who/factor/confirm", "confirmFactor", "Shows the first code: from now on signing in takes one. Recovery codes are told this once."),
        Access.Post<FactorProof, FactorCodes>("/who/factor/codes", "renewRecoveryCodes", "New recovery codes, for the password or a code; those of before open nothing."),
        Access.Post<FactorProof, FactorView>("/who/factor/remove", "removeFactor", "Takes the second factor away, for the password or a code."),
        Access.List<AccountView>("/accounts", "listAccounts", "People's accounts and what they may.", account => account.Name),
        Access.Post<AccountRequest, AccountLink>("/accounts", "createAccount", "Makes an account; its owner sets a password by the link, which opens once."),
        Access.Put<AccountChange, AccountLink>("/accounts/{name}", "changeAccount", "Gives or takes roles, disables or enables; the account's sessions end."),
        Access.Post<AccountLink>("/accounts/{name}/reset", "resetAccount", "Takes password and second factor away and makes a link for a new one."),
        Access.List<ApiTokenView>("/tokens", "listApiTokens", "One's own API tokens; an administrator sees everybody's.", token => token.Id),
        Access.Post<ApiTokenRequest, ApiTokenCreated>("/tokens", "createApiToken", "Makes an API token; its text is told this once."),
        Access.Post<ApiTokenView[]>("/tokens/{id}/revoke", "revokeApiToken", "Takes an API token back at once."),
        Access.Get<AuditVerification>("/audit/verify", "verifyAudit", "Whether the audit log is as it was written: each entry stands on the hash of the one before."),
        Access.Get("/audit/export", "exportAudit", "Every entry of the audit log with its hash.", "application/jsonl"),
        Access.Get("/audit/pack", "packAudit", "A zip for an auditor about a rollout or a model: who approved what on which evidence, and which parts it inspected.", "application/zip") with { Refusals = [404] },
    ];
}
