using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CvOps.Fleet.Access.Accounts;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace CvOps.Fleet.Access.Oidc;

/// <summary>Whom a provider says somebody is.</summary>
internal sealed record OidcPerson(string Issuer, string Subject, string Name, IReadOnlyList<string> Groups);

/// <summary>
/// Asks an OpenID provider who somebody is: authorization code with PKCE, and an id_token that is believed only with the provider's signature, issuer, our client id as
/// audience, its time and our nonce (OpenID Connect Core 1.0, 3.1.3.7).
/// </summary>
internal sealed class OidcProvider : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    // No "none", and no HMAC: the key of those would be the client's secret.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly OidcOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = false }) { Timeout = Patience, MaxResponseContentBufferSize = 1 << 20 };
    private readonly OidcDiscovery _discovery;

    public OidcProvider(IOptions<FleetOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value.Oidc!, time);
        _discovery = new OidcDiscovery(options, _http, time);
    }

    /// <summary>Where the browser goes.</summary>
    /// <exception cref="OidcRefusedException">The provider cannot be asked.</exception>
    public async Task<string> AddressAsync(OidcFlow flow, string redirect, CancellationToken cancel)
    {
        var known = await _discovery.ReadAsync(anew: false, cancel);
        return new OpenIdConnectMessage
        {
            IssuerAddress = known.AuthorizationEndpoint, ClientId = _options.ClientId, ResponseType = OpenIdConnectResponseType.Code, Scope = $"openid {_options.Scopes}".Trim(), RedirectUri = redirect,
            State = flow.State, Nonce = flow.Nonce, EnableTelemetryParameters = false, Parameters = { ["code_challenge"] = flow.Challenge, ["code_challenge_method"] = "S256" },
        }.CreateAuthenticationRequestUrl();
    }

    /// <summary>The code for an id_token, and that for a person.</summary>
    /// <param name="issuer">What the answer says it is of (RFC 9207); null where the provider does not say.</param>
    /// <exception cref="OidcRefusedException">Something about it cannot be believed.</exception>
    public async Task<OidcPerson> PersonAsync(string code, string? issuer, OidcFlow flow, string redirect, CancellationToken cancel)
    {
        var known = await _discovery.ReadAsync(anew: false, cancel);
        if (issuer is not null && issuer != known.Issuer) throw new OidcRefusedException($"the answer is of '{issuer}', not of {known.Issuer}");
        var text = await ExchangeAsync(known, code, flow, redirect, cancel);
        var result = await ValidateAsync(known, text);
        // The provider may have a new key.
        if (result is { IsValid: false, Exception: SecurityTokenSignatureKeyNotFoundException }) result = await ValidateAsync(await _discovery.ReadAsync(anew: true, cancel), text);
        if (!result.IsValid) throw new OidcRefusedException($"its id_token is not good: {result.Exception.GetType().Name}", result.Exception);
        var token = (JsonWebToken)result.SecurityToken;
        if (token.Audiences.Skip(1).Any() && token.Azp != _options.ClientId) throw new OidcRefusedException("its id_token was given to another client (azp)");
        if (!token.TryGetPayloadValue<string>("nonce", out var nonce) || !Secrets.AreEqual(nonce, flow.Nonce)) throw new OidcRefusedException("its id_token is of another sign-in (nonce)");
        if (token.Subject is not { Length: > 0 } subject) throw new OidcRefusedException("its id_token says no subject");
        if (!token.TryGetPayloadValue<string>(_options.NameClaim, out var name)) throw new OidcRefusedException($"its id_token has no claim '{_options.NameClaim}' (Fleet:Oidc:NameClaim)");
        return new OidcPerson(token.Issuer, subject, name, [.. token.Claims.Where(claim => claim.Type == _options.GroupClaim).Select(claim => claim.Value)]);
    }

    public void Dispose()
    {
        _discovery.Dispose();
        _http.Dispose();
    }

    private Task<TokenValidationResult> ValidateAsync(OpenIdConnectConfiguration known, string token) => new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ValidIssuer = known.Issuer, ValidAudience = _options.ClientId, IssuerSigningKeys = known.SigningKeys, ValidAlgorithms = Algorithms, RequireSignedTokens = true, RequireExpirationTime = true,
        LifetimeValidator = (from, until, _, _) => until is { } end && _time.GetUtcNow().UtcDateTime < end + Skew && (from is not { } begin || _time.GetUtcNow().UtcDateTime > begin - Skew),
    });

    private async Task<string> ExchangeAsync(OpenIdConnectConfiguration known, string code, OidcFlow flow, string redirect, CancellationToken cancel)
    {
        var fields = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = redirect, ["client_id"] = _options.ClientId, ["code_verifier"] = flow.Verifier,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, known.TokenEndpoint) { Content = new FormUrlEncodedContent(fields) };
        // RFC 6749, 2.3.1: both are form-encoded before they are joined.
        if (_options.ClientSecret is { } secret)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(_options.ClientId)}:{Uri.EscapeDataString(secret)}")));
        try
        {
            using var answer = await _http.SendAsync(request, cancel);
            if (!answer.IsSuccessStatusCode) throw new OidcRefusedException($"it answered {(int)answer.StatusCode} to the code");
            using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancel));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("id_token", out var token) && token.ValueKind == JsonValueKind.String && token.GetString() is { Length: > 0 } text
                ? text
                : throw new OidcRefusedException("it gave no id_token for the code");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new OidcRefusedException($"it could not be asked: {e.Message}", e);
        }
    }
}
