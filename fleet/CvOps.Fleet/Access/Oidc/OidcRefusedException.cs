namespace CvOps.Fleet.Access.Oidc;

/// <summary>The provider did not say who it is, or not in a way that can be believed, or whoever it is has no place here.</summary>
/// <param name="message">For the audit log, which the person does not see.</param>
internal sealed class OidcRefusedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the sign-in page tells: <c>provider</c>, or <c>group</c> for who is known and in no group that has a role.</summary>
    public string Told { get; init; } = "provider";
}
