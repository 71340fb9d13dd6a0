using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace CvOps.Fleet.Web;

internal static class WebEndpoints
{
    // Nothing comes from elsewhere and nothing runs inline, so a name that a device or person sets cannot become a script.
    private const string ContentSecurityPolicy = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    private static readonly (string Name, string Type)[] Assets = [("site.css", "text/css"), ("site.js", "text/javascript"), ("label.js", "text/javascript"), ("shapes.js", "text/javascript"), ("icon.svg", "image/svg+xml")];

    public static void AddWeb(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddScoped<DashboardData>().AddScoped<DatasetData>().AddScoped<AlertData>();
    }

    public static void MapWeb(this WebApplication app)
    {
        foreach (var (name, type) in Assets)
        {
            var bytes = Read(name);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
            app.MapGet($"/assets/{name}", (HttpContext http) =>
            {
                http.Response.Headers.CacheControl = "no-cache";
                return Results.File(bytes, type, entityTag: tag);
            });
        }
        var pages = app.MapRazorComponents<App>();
        pages.DisableAntiforgery();
        pages.AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            context.HttpContext.Response.Headers.XContentTypeOptions = "nosniff";
            return await next(context);
        });
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(WebEndpoints).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
