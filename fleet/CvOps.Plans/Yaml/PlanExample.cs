namespace CvOps.Plans.Yaml;

/// <summary>A plan with every key there is, to start from.</summary>
public static class PlanExample
{
    public const string Text = """
        name: spring-lamps
        model: line@2.1.0             # name@version, name@alias, or the digest from 'cvops models list'
        # configuration: 3f5a...      # instead of a model: the digest of a configuration that the fleet keeps
        select: site=ulm,line in (3,4),!retired   # which devices; 'target: everything' for all of them
        target:                       # labels that a device must have besides; leave it out if select says it all
          hardware: orin

        shadow:                       # both models see the same frames before any device changes
          frames: 1000
          devices: 0                  # 0: those of the first ring
          timeout: 1d

        strata: [camera, line, lighting, cluster]   # the first ring has a device of each combination, as far as it reaches

        rings:                        # taken in order; the first is the canary
          - name: canary
            percent: 2 %
          - name: line-3
            select: line=3
            approval: true            # a person says go
            soak:                     # this ring's own
              time: 2h
              parts: 5000
              timeout: 1d
          - name: pilots
            devices: [ulm-4-1, ulm-4-2]
          - name: ten-more
            count: 10
          - name: everyone            # a last ring of 100 % takes everybody else
            percent: 100 %

        soak:                         # what a ring must survive before the next, all of it
          time: 1h
          parts: 1000
          timeout: 1d                 # then the rollout pauses as Inconclusive

        guardrails:                   # when it stops; risks are over the whole rollout, however often it is looked at
          false-stop-risk: 1 %
          false-promotion-risk: 1 %
          non-inferiority-margin: 2 %
          error-rate: 0.1 %
          failed-updates: 0
          disagreement: 20 %          # in shadow: more frames than that on which the models disagree wait for a person's judgement
          controls: 100               # parts that must have been seen under the previous model before a ring may pass
          errors: {ratio: 2}          # each metric: how many times the previous model's rate it may have, and what then (stop, pause, ignore)
          latency: {ratio: 10, then: stop}
          rejects: {ratio: 2, shift: 1.25}   # shift: so many times more or less pauses for a person's judgement
          confidence: {then: ignore, shift: 1.5}
          drift: {ratio: 2, then: pause}
          crashes: {ratio: 2}

        windows:                      # when devices may change; one that is open is enough
          - from: 22:00
            to: 05:00
            days: [mo, tu, we, th, fr]
            time-zone: Europe/Berlin
          - shift: night              # of the device's site: 'cvops site shifts'
          - idle: 5min                # the device has inspected nothing for so long

        limits:
          devices: 50                 # that change at once
          per-site: 5
          bandwidth: 10 MB/s          # of downloads, averaged over a minute

        offline:                      # devices that do not answer
          wait: 1d
          then: skip                  # pause: a person decides; skip: the ring goes on without them
        late: join                    # devices that match only later; ignore: they keep what they have

        priority: 500                 # 0 to 1000: who goes first where two rollouts want a device
        starts-at: 2026-12-01T20:00+01:00
        expires-at: 2026-12-20T00:00Z
        four-eyes: false              # true: who approves is another person than who wrote the plan
        first-installation: false     # true only where there is no model in charge to compare with

        """;
}
