using System.Text.Json.Serialization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Oidc;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Alerts;
using CvOps.Fleet.Api.Catalog;
using CvOps.Fleet.Api.Manners;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Doctor;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames.Annotators;
using CvOps.Fleet.Frames.Video;
using CvOps.Fleet.Observability;
using CvOps.Fleet.Retention;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Flight;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Serving;
using CvOps.Fleet.Tracking;
using CvOps.Fleet.Training;
using CvOps.Fleet.Training.Policy;
using Microsoft.AspNetCore.HttpOverrides;

namespace CvOps.Fleet.Api;

/// <summary>The HTTP API of <see cref="ApiRoutes"/>, feature by feature.</summary>
internal static class ApiEndpoints
{
    /// <summary>As OWASP's HTTP Headers Cheat Sheet has it; without subdomains, of which the fleet knows nothing.</summary>
    private static readonly TimeSpan HstsAge = TimeSpan.FromDays(365);

    public static void AddApi(this IServiceCollection services)
    {
        // Before the framework's own writer, which is asked next.
        services.AddSingleton<IProblemDetailsWriter, ApiProblemWriter>();
        services.AddProblemDetails();
        services.AddHsts(hsts => hsts.MaxAge = HstsAge);
        services.AddSingleton<Guards>().AddSingleton<IdempotencyStore>().AddSingleton<Idempotency>();
        services.AddOpenApi(ApiDocument.Name, ApiConventions.Configure);
        services.AddSingleton<ApiDocument>();
        services.AddSingleton<FleetEvents>().AddSingleton<FleetDoctor>();
        services.AddSingleton<PagePulse>().AddHostedService(provider => provider.GetRequiredService<PagePulse>());
        // The same JSON as on the wire, whoever binds it.
        services.ConfigureHttpJsonOptions(json =>
        {
            var ours = ContractsJson.Default.Options;
            json.SerializerOptions.PropertyNamingPolicy = ours.PropertyNamingPolicy;
            json.SerializerOptions.DefaultIgnoreCondition = ours.DefaultIgnoreCondition;
            json.SerializerOptions.NumberHandling = ours.NumberHandling;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractsJson.Default);
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
    }

    public static void MapApi(this WebApplication app)
    {
        // Of a proxy on this machine: who asks, and whether that came by https.
        app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost });
        // Where a proxy speaks TLS for this fleet, browsers are to come by nothing else; never on the loopback.
        app.UseHsts();
        app.UseSafeHeaders();
        // Before whatever turns failures into answers: what is counted is what was answered.
        app.UseMiddleware<RequestTimes>();
        // Problems says in the log what is the fleet's own fault, once; a request that cannot be understood is not.
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = Problems.HandleAsync, SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages();
        app.UseMiddleware<Identification>();
        app.UseRateLimiter();
        app.UseMiddleware<AccessGate>();
        // Behind the gate: an answer that is kept is given again only to who may ask for it.
        app.UseMiddleware<Idempotency>();
        app.MapSessions();
        app.MapOidc();
        app.MapHealth();
        app.MapMetrics();

        app.MapGet(ApiDocument.Path, ApiDocument.AnswerAsync);

        var api = app.MapGroup(ApiRoutes.Root).AddEndpointFilter<ApiManners>();
        ((IEndpointConventionBuilder)api).Finally(ApiConventions.Describe);
        api.AddEndpointFilter<RouteGroupBuilder, Attribution>();
        api.MapGet("/fleet", (SiteViews views, Principal who, CancellationToken cancel) => views.OverviewAsync(who, cancel));
        api.MapGet("/doctor", (FleetDoctor doctor, CancellationToken cancel) => doctor.LookAsync(cancel));
        api.MapAudit();
        api.MapGet("/events", EventStream.RunAsync);
        api.MapGet("/events/pages", EventStream.RunPagesAsync);
        api.MapLogin();
        api.MapAccounts();
        api.MapFactor();
        api.MapInspections();
        api.MapDevices();
        api.MapDeadLetters();
        api.MapEnrolment();
        api.MapModels();
        api.MapConfigurations();
        api.MapPrograms();
        api.MapFrames();
        api.MapAnnotators();
        api.MapVideos();
        api.MapDatasets();
        api.MapLineage();
        api.MapFormats();
        api.MapQuality();
        api.MapRetention();
        api.MapGroups();
        api.MapPlans();
        api.MapFlights();
        api.MapRollouts();
        api.MapDrift();
        api.MapTraining();
        api.MapRetraining();
        api.MapTracking();
        api.MapAlerts();
        api.MapAlertChannels();
    }
}

/// <summary>How long a page may be.</summary>
internal static class Paging
{
    public const int Default = 100;
    public const int Most = 1000;

    public static int Clamp(int limit) => Math.Clamp(limit, 1, Most);
}
