using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace CvOps.Fleet.Access.Oidc;

/// <summary>What a provider says of itself (OpenID Connect Discovery 1.0): addresses and keys, asked anew once a day and when a key is not among them.</summary>
internal sealed class OidcDiscovery(IOptions<FleetOptions> options, HttpClient http, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Good = TimeSpan.FromDays(1);

    /// <summary>Whoever sends tokens of unknown keys does not make us ask the provider each time.</summary>
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _one = new(1);
    private OpenIdConnectConfiguration? _known;
    private DateTimeOffset _at;

    /// <param name="anew">It lacks a key; it is asked again unless that was a moment ago.</param>
    /// <exception cref="OidcRefusedException">It cannot be asked, or says something that must not be.</exception>
    public async Task<OpenIdConnectConfiguration> ReadAsync(bool anew, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var age = time.GetUtcNow() - _at;
            if (_known is not null && age < (anew ? AtMostEvery : Good)) return _known;
            _known = await AskAsync(options.Value.Oidc!.Authority.TrimEnd('/'), cancel);
            _at = time.GetUtcNow();
            return _known;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<OpenIdConnectConfiguration> AskAsync(string authority, CancellationToken cancel)
    {
        OpenIdConnectConfiguration found;
        try
        {
            found = await OpenIdConnectConfigurationRetriever.GetAsync($"{authority}/.well-known/openid-configuration", new HttpDocumentRetriever(http) { RequireHttps = !new Uri(authority).IsLoopback }, cancel);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException or ArgumentException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new OidcRefusedException($"{authority} does not say how to sign in: {e.Message}", e);
        }
        // Section 4.3: a document of another issuer is no answer.
        if (found.Issuer?.TrimEnd('/') != authority) throw new OidcRefusedException($"{authority} calls itself '{found.Issuer}': set Fleet:Oidc:Authority to that");
        foreach (var address in (ReadOnlySpan<string?>)[found.AuthorizationEndpoint, found.TokenEndpoint])
            if (!OidcOptions.IsSafe(address)) throw new OidcRefusedException($"{authority} names '{address}', which is no https address");
        return found;
    }
}
