using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access.Tokens;

/// <summary>What the programs of this machine show: the content of a file that only its owner reads (<see cref="LocalTokenFile"/>).</summary>
internal sealed class LocalToken(IOptions<FleetOptions> options)
{
    public static readonly Principal Principal = new("local", PrincipalKind.Local, null, [new Grant(Roles.All | Permission.ActFor, null)]);

    private readonly string? _hash = options.Value.LocalToken is { } file ? Secrets.Hash(LocalTokenFile.Ensure(file)) : null;

    public bool Opens(string text) => _hash is not null && Secrets.AreEqual(_hash, Secrets.Hash(text));
}
