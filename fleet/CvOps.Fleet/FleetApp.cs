using CvOps.Fleet.Access;
using CvOps.Fleet.Alerts;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Frames.Annotators;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Frames.Video;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Models;
using CvOps.Fleet.Observability;
using CvOps.Fleet.Retention;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Serving;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Storage.Buckets;
using CvOps.Fleet.Tracking;
using CvOps.Fleet.Tracking.Mlflow;
using CvOps.Fleet.Training;
using CvOps.Fleet.Training.Policy;
using CvOps.Fleet.Web;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet;

/// <summary>Puts the fleet together: one host with the silo, the ingest and the API.</summary>
internal static class FleetApp
{
    /// <param name="options">Checked already.</param>
    /// <param name="change">What a test puts in place of the real thing: its time.</param>
    public static WebApplication Build(FleetOptions options, Action<WebApplicationBuilder>? change = null) => Map(Compose(options, change));

    /// <inheritdoc cref="Build"/>
    public static WebApplication Compose(FleetOptions options, Action<WebApplicationBuilder>? change = null)
    {
        Directory.CreateDirectory(options.Data);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(FleetApp).Assembly.GetName().Name });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.AddServing(options);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(Options.Create(options));
        change?.Invoke(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);

        builder.AddTelemetry(options);
        builder.AddSilo(options);
        builder.Services.AddObservability(options);
        builder.Services.AddSingleton<SharedWrites>();
        builder.Services.AddSingleton(_ => new BlobStore(Path.Combine(options.Data, "blobs"), options.Bucket is { } bucket ? new Bucket(bucket) : null));
        builder.Services.AddAccess(options);
        builder.Services.AddSingleton(services => new TwinStore(services.GetRequiredService<TimeProvider>(), new SilenceRule(options.OverdueAfter, options.OfflineAfter)));
        builder.Services.AddSingleton<TwinSelector>().AddSingleton<ConnectionLog>().AddHostedService<TwinLoader>().AddHostedService<LivenessLoop>();
        builder.Services.AddSingleton<DeviceDirectory>().AddSingleton<DesiredTwins>().AddSingleton<TwinOutbox>().AddSingleton<DeviceCommands>().AddSingleton<CommandLog>().AddSingleton<Previews>().AddHostedService<CommandOutbox>().AddSingleton<OverviewReader>().AddHostedService<TwinPublisher>();
        builder.Services.AddSingleton<FrameStore>().AddSingleton<LabelQueue>().AddSingleton<ReviewDesk>().AddSingleton<VideoDesk>().AddSingleton<ClassNames>().AddSingleton<AccuracyReader>().AddHostedService<LabelWordsLoop>();
        builder.Services.AddSingleton<ModelRegistry>().AddSingleton<ModelLinks>().AddSingleton<ChunkLists>().AddSingleton<Revocations>().AddSingleton<ModelAliases>().AddSingleton<ConfigurationStore>().AddSingleton<ProgramStore>().AddHostedService<ModelPromotions>().AddSingleton<IFleetObserver, LinkRenewal>().AddSingleton<LostPackages>().AddSingleton<IOverviewSource>(services => services.GetRequiredService<LostPackages>());
        builder.Services.AddSingleton<FleetLink>().AddSingleton<IngestStore>().AddSingleton<InspectionLog>().AddSingleton<SignalHub>().AddSingleton<DeadLetters>();
        builder.Services.AddRollouts();
        builder.Services.AddDrift();
        builder.Services.AddDatasets();
        builder.Services.AddFormats();
        builder.Services.AddQuality();
        builder.Services.AddTraining();
        builder.Services.AddTracking();
        builder.Services.AddRetraining();
        builder.Services.AddAlerts();
        builder.Services.AddRetention();
        builder.Services.AddApi();
        builder.Services.AddWeb();
        builder.Services.AddSingleton<Seats>().AddSingleton<AbandonedSession>().AddHostedService<SeatLoop>();
        // Last: it stops first, and starts when everything that listens to it is there.
        builder.Services.AddSingleton<MqttIngest>().AddHostedService(services => services.GetRequiredService<MqttIngest>());

        return builder.Build();
    }

    /// <summary>Gives the host its addresses. They need services, and those the database: whoever starts a fleet looks first whether that can be used (<see cref="StartCheck"/>).</summary>
    public static WebApplication Map(WebApplication app)
    {
        app.MapApi();
        app.MapMlflow();
        app.MapWeb();
        return app;
    }
}
