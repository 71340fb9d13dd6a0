using System.Security.Principal;

namespace CvOps.Fleet.Access.Rights;

/// <summary>Finds out who asks, before anything is decided. Behind it <see cref="Principal.Of"/> has them.</summary>
internal sealed class Identification(RequestDelegate next, Authenticator authenticator)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // Where nothing is, nobody has to be known.
        var found = http.GetEndpoint() is RouteEndpoint ? await authenticator.FindAsync(http) : Authenticator.Nobody;
        http.Features.Set(found);
        if (found.Principal is { } principal)
        {
            http.Features.Set(principal);
            http.User = new GenericPrincipal(new GenericIdentity($"{principal.Kind} {principal.Name}"), null);
        }
        await next(http);
    }
}
