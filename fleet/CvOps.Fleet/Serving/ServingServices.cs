namespace CvOps.Fleet.Serving;

/// <summary>How the fleet is listened to: HTTP or HTTPS, and the two addresses that say how it is.</summary>
internal static class ServingServices
{
    /// <summary>Longest document of the API: an imported picture in base64.</summary>
    private const long RequestBytes = 8 * 1024 * 1024;

    public static void AddServing(this WebApplicationBuilder builder, FleetOptions options)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseUrls(options.Http).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBytes;
            if (options.IsHttps) kestrel.ConfigureHttpsDefaults(https => kestrel.ApplicationServices.GetRequiredService<HttpsCertificate>().Serve(https));
        });
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<HttpsCertificate>(services, options));
        builder.Services.AddSingleton<Readiness>().AddHostedService(services => services.GetRequiredService<Readiness>());
        builder.Services.PostConfigure<HostOptions>(host => host.ShutdownTimeout += options.DrainDelay);
    }

    public static void MapHealth(this WebApplication app)
    {
        // For whoever would restart a process that no longer answers.
        app.MapGet(Readiness.LivePath, () => Results.Text("ok\n"));
        // For whoever sends requests here.
        app.MapGet(Readiness.ReadyPath, (Readiness readiness) => readiness.Missing is { } why
            ? Results.Text(why + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
    }
}
