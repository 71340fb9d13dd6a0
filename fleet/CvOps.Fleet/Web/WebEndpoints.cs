using Microsoft.AspNetCore.Components.Endpoints;

namespace CvOps.Fleet.Web;

internal static class WebEndpoints
{
    // Nothing comes from elsewhere and nothing runs inline, so a name that a device or person sets cannot become a script.
    private const string ContentSecurityPolicy = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    public static void AddWeb(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddScoped<Visitor>().AddScoped<AccessData>().AddScoped<DashboardData>().AddScoped<DatasetData>().AddScoped<AlertData>().AddScoped<ModelData>();
        services.AddSingleton<FinderIndex>().AddSingleton<FleetGlance>().AddSingleton<TrustView>().AddSingleton<SharedContent>();
    }

    public static void MapWeb(this WebApplication app)
    {
        app.MapAssets();
        app.MapGet("/find", async (string? q, FinderIndex finder, Visitor visitor, CancellationToken cancel) => Results.Ok(await finder.FindAsync(q ?? "", visitor.Principal, cancel)));
        var pages = app.MapRazorComponents<App>();
        pages.DisableAntiforgery();
        // Pages know no endpoint filters: what every answer carries is put around what writes it.
        pages.Add(endpoint =>
        {
            if (endpoint.RequestDelegate is not { } page) return;
            var shared = endpoint.Metadata.OfType<ComponentTypeMetadata>().Any(component => component.Type.IsDefined(typeof(SharedContentAttribute), false));
            endpoint.RequestDelegate = http =>
            {
                var headers = http.Response.Headers;
                headers.ContentSecurityPolicy = ContentSecurityPolicy;
                headers["Referrer-Policy"] = "same-origin";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                return shared ? http.RequestServices.GetRequiredService<SharedContent>().WriteAsync(http, page) : page(http);
            };
        });
    }
}
